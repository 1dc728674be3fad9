CREATE INDEX `api_tokens_expires_at` ON `api_tokens` (`expires_at`);--> statement-breakpoint
CREATE INDEX `creations_window_ends_at` ON `creations` (`window_ends_at`);--> statement-breakpoint
CREATE INDEX `invitations_made_by` ON `invitations` (`made_by`) WHERE made_by IS NOT NULL;--> statement-breakpoint
CREATE INDEX `labs_scenario_id` ON `labs` (`scenario_id`,`version`);--> statement-breakpoint
CREATE INDEX `labs_sandbox_id` ON `labs` (`sandbox_id`);--> statement-breakpoint
CREATE INDEX `sandboxes_deleted_at` ON `sandboxes` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `scenario_versions_snapshot_id` ON `scenario_versions` (`snapshot_id`) WHERE snapshot_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `scenarios_deleted_at` ON `scenarios` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `sign_ins_expires_at` ON `sign_ins` (`expires_at`);