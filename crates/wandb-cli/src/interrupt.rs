//! Interrupts: Ctrl-C, and SIGTERM as sent by `timeout`, SLURM and Kubernetes.

/// The exit code of an interrupted program, by the shells' convention: 128 plus the number of the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExitCode(pub(super) i32);

impl ExitCode {
    const INTERRUPTED: Self = Self(130);
    #[cfg(unix)]
    const TERMINATED: Self = Self(143);
}

/// Completes at the first interrupt. From this call on, interrupts do not end the process by themselves.
pub(super) fn told_to_stop() -> impl Future<Output = ExitCode> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::terminate(), SignalKind::interrupt()].map(signal)
    };
    async move {
        #[cfg(unix)]
        if let [Ok(mut terminate), Ok(mut interrupt)] = signals {
            return tokio::select! {
                _ = terminate.recv() => ExitCode::TERMINATED,
                _ = interrupt.recv() => ExitCode::INTERRUPTED,
            };
        }
        // Without handlers, a signal ends the process as usual.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        ExitCode::INTERRUPTED
    }
}
