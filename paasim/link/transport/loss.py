"""What random loss does to loss-based congestion control: mean windows and rates, and their inverses.

Loss means packets lost at random, independently and for other reasons than our own load, at share p. Losses that come
from filling a link are what its fair sharing stands for. Left out: retransmission time-outs, so that rates above a few
per cent of loss are too high (Padhye et al. 1998), and the bytes that are sent again.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import Literal

Congestion = Literal["cubic", "reno"]
"""Loss-based ways of congestion control."""

CUBIC_C = 0.4
"""CUBIC's constant, segments/s³ (RFC 9438 §5)."""
CUBIC_BETA = 0.7
"""What CUBIC keeps of its window after a loss (RFC 9438 §4.6)."""
_CUBIC_MEAN = (CUBIC_C * (3 + CUBIC_BETA) / (4 * (1 - CUBIC_BETA))) ** 0.25


def reno_window(loss: float) -> float:
    """Mean window of Reno, in segments: `sqrt(3 / (2 p))`, infinite without loss.

    One loss per 1/p packets halves a window that grows by one segment per round trip, one acknowledgement per packet
    (Mathis, Semke, Mahdavi, Ott: "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm", 1997; C = 1.22).
    RFC 9438 §4.3 gives the same for CUBIC's Reno-friendly estimate.
    """
    return sqrt(1.5 / loss) if loss > 0.0 else inf


def cubic_window(loss: float, rtt: float) -> float:
    """Mean window of CUBIC, in segments: the larger of its cubic one and of Reno's (RFC 9438 §4.3, §5).

    The cubic one is `(C (3 + β) / (4 (1 - β)))^¼ · (RTT / p)^¾`, with RTT in seconds, C = 0.4 and β = 0.7.
    """
    return max(_CUBIC_MEAN * (rtt / loss) ** 0.75, reno_window(loss)) if loss > 0.0 else inf


def loss_rate(congestion: Congestion, loss: float, rtt: float, mss: float) -> float:
    """Bytes/s of one connection that only loss limits: mean window times segment size over round trip.

    Args:
        congestion: `cubic` or `reno`.
        loss: share of packets lost.
        rtt: seconds, more than 0.
        mss: bytes of payload per segment.
    """
    window = reno_window(loss) if congestion == "reno" else cubic_window(loss, rtt)
    return window * mss / rtt


def loss_for(congestion: Congestion, rate: float, rtt: float, mss: float) -> float:
    """The share of lost packets at which one connection gets `rate` bytes/s: the inverse of `loss_rate`."""
    window = rate * rtt / mss
    reno = 1.5 / window**2
    return reno if congestion == "reno" else max(rtt * (_CUBIC_MEAN / window) ** (4 / 3), reno)


def window_for(rate: float, rtt: float) -> float:
    """The bytes of window with which one connection gets `rate` bytes/s over a round trip of `rtt` seconds."""
    return rate * rtt
