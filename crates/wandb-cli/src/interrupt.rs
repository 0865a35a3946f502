//! Being told to stop: by Ctrl-C, or by SIGTERM where there is such a thing, as by `timeout`, SLURM and Kubernetes.

/// How a program that was told to stop ends, by the shells' custom: 128 and the number of the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExitCode(pub(super) i32);

impl ExitCode {
    const INTERRUPTED: Self = Self(130);
    #[cfg(unix)]
    const TERMINATED: Self = Self(143);
}

/// Returns what is done once somebody says so: from this call on, neither ends the process at once.
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
        // Where nobody can be listened to, nobody says so: a signal ends the process as ever.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        ExitCode::INTERRUPTED
    }
}
