"""Figures for Prometheus. No label ever holds a contact detail or a reference."""

from prometheus_client import Counter, Gauge

ARRIVED = Counter("ombud_arrivals_total", "Messages and receipts stored", ["channel"])
INBOX_WAITING = Gauge("ombud_inbox_waiting", "Inbox rows not yet processed")
OUTBOX_WAITING = Gauge("ombud_outbox_waiting", "Outbox rows not yet accepted by a provider")
