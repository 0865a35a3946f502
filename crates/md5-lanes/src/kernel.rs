//! Choice of the kernel for this processor.

use crate::block::Job;
#[cfg(target_arch = "x86_64")]
use crate::lanes::{self, Avx2};
use crate::scalar;

/// An implementation that compresses the blocks of several messages.
#[derive(Clone, Copy)]
pub(crate) enum Kernel {
    /// One message after the other, on any processor.
    Scalar,
    /// [`lanes::LANES`] messages side by side.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Kernel {
    /// The fastest kernel of this processor.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Scalar
    }

    /// Returns the name of the kernel.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
        }
    }

    /// Returns the number of messages that it compresses side by side.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Self::Scalar => 1,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => lanes::LANES,
        }
    }

    /// Does all `jobs`.
    pub(crate) fn run(self, jobs: Vec<Job<'_>>) {
        match self {
            Self::Scalar => jobs.into_iter().for_each(scalar::run),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => lanes::run(avx2, jobs),
        }
    }
}
