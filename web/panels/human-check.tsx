import { useEffect, useId, useRef } from "preact/hooks";
import { loadTurnstile, question, type Question } from "../api/human.ts";

/** The dialog in which Turnstile asks, while something waits for its answer. */
export function HumanCheck() {
  return question.value ? <Asked question={question.value} /> : null;
}

function Asked({ question: { siteKey, answer, refuse } }: { question: Question }) {
  const title = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    let remove: (() => void) | undefined;
    let over = false;
    loadTurnstile()
      .then((turnstile) => {
        if (over) return;
        const widget = turnstile.render(place.current!, {
          sitekey: siteKey,
          callback: answer,
          "error-callback": (code) =>
            refuse(new Error(`Turnstile does not answer (${code}). Try again, or sign in.`)),
        });
        remove = () => turnstile.remove(widget);
      })
      .catch(refuse);
    return () => {
      over = true;
      remove?.();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={title}
      onClose={() => refuse(new Error("Nothing was made: it was not shown that you are human."))}
    >
      <h2 id={title}>Are you human?</h2>
      <p class="quiet">Cloudflare Turnstile asks this of who has not signed in.</p>
      <div ref={place} class="human" />
      <p>
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </p>
    </dialog>
  );
}
