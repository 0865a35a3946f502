//! A way to a server that can be closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};

/// Lets connections through to a server, or ends them at once.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    address: String,
    is_closed: Arc<AtomicBool>,
    turned_away: Arc<AtomicU64>,
}

impl Gate {
    pub(crate) async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = Self {
            address: listener.local_addr().unwrap().to_string(),
            is_closed: Arc::default(),
            turned_away: Arc::default(),
        };
        let (is_closed, turned_away) = (Arc::clone(&gate.is_closed), Arc::clone(&gate.turned_away));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                if is_closed.load(Ordering::SeqCst) {
                    turned_away.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let server = server.clone();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        gate
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.is_closed.store(false, Ordering::SeqCst);
    }

    /// Returns how many connections found it closed.
    pub(crate) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::SeqCst)
    }
}
