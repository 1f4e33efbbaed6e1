//! What happens to packets on their way, besides arriving.

use crate::decode::optional_duration;
use crate::lab::{Rate, Size};
use serde::Deserialize;
use std::time::Duration;

/// What happens to packets; what is not said does not. Chances are percents.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Impairment {
    /// How long each is held back.
    #[serde(deserialize_with = "optional_duration")]
    pub delay: Option<Duration>,
    /// By how much that differs, either way.
    #[serde(deserialize_with = "optional_duration")]
    pub jitter: Option<Duration>,
    /// The chance to be lost.
    pub loss: Option<f64>,
    /// The chance to come twice.
    pub duplicate: Option<f64>,
    /// The chance not to be held back, and so to overtake others.
    pub reorder: Option<f64>,
    /// The chance to have a bit turned.
    pub corrupt: Option<f64>,
    /// How fast they are sent.
    pub rate: Option<Rate>,
    /// How many bytes are sent at once after a pause, where there is only a rate.
    pub burst: Option<Size>,
    /// How many packets wait at most.
    pub limit: Option<u32>,
}

impl Impairment {
    /// This, and `other` where this says nothing.
    pub fn or(&self, other: &Self) -> Self {
        Self {
            delay: self.delay.or(other.delay),
            jitter: self.jitter.or(other.jitter),
            loss: self.loss.or(other.loss),
            duplicate: self.duplicate.or(other.duplicate),
            reorder: self.reorder.or(other.reorder),
            corrupt: self.corrupt.or(other.corrupt),
            rate: self.rate.or(other.rate),
            burst: self.burst.or(other.burst),
            limit: self.limit.or(other.limit),
        }
    }

    /// Whether anything but their rate is changed.
    pub fn is_bad(&self) -> bool {
        let times = [self.delay, self.jitter].into_iter().flatten();
        let chances = [self.loss, self.duplicate, self.reorder, self.corrupt].into_iter().flatten();
        times.into_iter().any(|time| !time.is_zero()) || chances.into_iter().any(|chance| chance > 0.0)
    }

    /// The rate, where there is one.
    pub fn rate(&self) -> Option<u64> {
        self.rate.map(|Rate(bits)| bits).filter(|bits| *bits > 0)
    }
}
