"""Mailboxes that incoming mail is read from: a Maildir, or an IMAP server (RFC 3501, RFC 9051)."""
