//! The thread that waits for servers.

use std::future::Future;
use std::thread;
use std::time::Instant;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::world::WorldError;

/// How many names are looked up at the same time at most: each takes a thread, which nobody can stop.
const MAX_LOOKUPS: usize = 16;

/// The thread, which ends when this is dropped, with all that is under way on it.
pub(super) struct Net {
    handle: Handle,
    /// The thread waits for this to be dropped.
    _stop: oneshot::Sender<()>,
}

impl Net {
    pub(super) fn start() -> Result<Self, WorldError> {
        let broken = |error: std::io::Error| WorldError::Broken(format!("no thread for the network: {error}"));
        let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(MAX_LOOKUPS).build();
        let runtime = runtime.map_err(broken)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            // An error says that the other half was dropped, which is what ends it.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        };
        thread::Builder::new().name("vak-net".to_owned()).spawn(serve).map_err(broken)?;
        Ok(Self { handle, _stop: stop })
    }

    /// Has the thread do it, until `deadline` at the latest, or until this is dropped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T, WorldError>> + Send + 'static,
    ) -> Result<T, WorldError> {
        let task = self.handle.spawn(async move {
            match tokio::time::timeout_at(deadline.into(), work).await {
                Ok(done) => done,
                // The call is over, and so is the wait for this.
                Err(_) => Err(WorldError::Limit(vak_model::LimitKind::Time)),
            }
        });
        let _abort = AbortOnDrop(task.abort_handle());
        task.await.unwrap_or_else(|_| Err(WorldError::Broken("a request broke down".to_owned())))
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
