"""What /metrics tells."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

TURNS = Counter("banshi_turns_total", "Turns taken, by channel and outcome", ["channel", "outcome"])
TURNS_FAILED = Counter("banshi_turns_failed_total", "Attempts at a turn that ended in a fault of ours")
TURN_SECONDS = Histogram(
    "banshi_turn_seconds",
    "From claim to commit",
    buckets=(0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 3, 10),
)
DELIVERED = Counter("banshi_delivered_total", "Messages handed to a channel", ["channel"])
UNDELIVERED = Counter("banshi_undelivered_total", "Messages that a channel did not take", ["channel", "why"])
HEARD_AT = Gauge("banshi_channel_heard_at_seconds", "When a channel brought something last", ["channel"])
SAID_AT = Gauge("banshi_channel_said_at_seconds", "When a channel took something last", ["channel"])
TOKEN_AT = Gauge("banshi_channel_token_at_seconds", "When a platform gave the token that is used", ["channel"])
QUOTA_LEFT = Gauge("banshi_channel_quota_left", "Messages that a platform still takes today", ["channel"])
INBOX_WAITING = Gauge("banshi_inbox_waiting", "Events that have no answer yet")
DEAD = Gauge("banshi_dead_letters", "Events and messages that were given up")


def of_channel(gauge: Gauge, channel: str) -> float | None:
    """What this process knows of a channel; None where it knows nothing yet."""
    (family,) = gauge.describe()
    return REGISTRY.get_sample_value(family.name, {"channel": channel})
