-- The application may update only the columns that change. On these tables it could update every column until now,
-- although it never did: a server of an earlier version may run alongside.
revoke update on policies, idempotency_records, chat_sessions, chat_messages, read_marks from escrowgrid_app;
grant update (allowed_currencies, limits, version, updated_at) on policies to escrowgrid_app;
grant update (request_hash, answer, version, created_at) on idempotency_records to escrowgrid_app;
grant update (
  title, description, priority, active, deleted, deleted_at, edition, message_count, last_activity_at, version, updated_at,
  words
) on chat_sessions to escrowgrid_app;
grant update (body, version, edited_at, deleted_at, deletion_reason, words) on chat_messages to escrowgrid_app;
grant update (sequence, version) on read_marks to escrowgrid_app;
