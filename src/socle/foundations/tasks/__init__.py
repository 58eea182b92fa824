"""Durable tasks and outbox in the database: lease, heartbeat, attempts, schedule."""
