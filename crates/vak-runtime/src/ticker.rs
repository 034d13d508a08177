//! The clock that interrupts guests: a thread that moves an engine's epoch forward.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wasmtime::Engine;

use crate::alarm::Alarms;

/// A running ticker. It stops when it is dropped, and at the latest when its engine is gone.
#[derive(Debug)]
pub(crate) struct Ticker {
    /// Never sent on: dropping it wakes the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts a thread that increments `engine`'s epoch every `interval`, and rings the alarms whose time has come.
    pub(crate) fn start(engine: &Engine, alarms: Arc<Alarms>, interval: Duration) -> std::io::Result<Self> {
        let engine = engine.weak();
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("vak-ticker".to_owned()).spawn(move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { break };
                engine.increment_epoch();
                alarms.ring(Instant::now());
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has stopped as well.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_ticker_leaves_no_thread_behind() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine, Arc::default(), Duration::from_secs(3600)).expect("a thread");
        drop(ticker);
    }

    #[test]
    fn a_ticker_ends_by_itself_when_its_engine_is_gone() {
        let engine = Engine::default();
        let mut ticker = Ticker::start(&engine, Arc::default(), Duration::from_millis(1)).expect("a thread");
        drop(engine);
        ticker.thread.take().expect("running").join().expect("ended without a panic");
    }
}
