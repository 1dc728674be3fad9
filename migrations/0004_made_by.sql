ALTER TABLE `invitations` ADD `made_by` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `made_by` text;