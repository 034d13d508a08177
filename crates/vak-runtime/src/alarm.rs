//! Who is to be woken when: calls that wait for the world, and would sleep past their deadline.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// The alarms of an engine, which its ticker rings: late by one tick at most.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    set: Mutex<Set>,
}

#[derive(Debug, Default)]
struct Set {
    next: u64,
    alarms: HashMap<u64, (Instant, Waker)>,
}

impl Alarms {
    /// Wakes all whose time has come, once.
    pub(crate) fn ring(&self, now: Instant) {
        let due: Vec<Waker> = {
            let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
            if set.alarms.is_empty() {
                return;
            }
            set.alarms.extract_if(|_, (when, _)| *when <= now).map(|(_, (_, waker))| waker).collect()
        };
        // A waker is a stranger's code: it runs without the lock.
        due.into_iter().for_each(Waker::wake);
    }
}

/// One alarm, which is off until it is set, and again when it is dropped.
#[derive(Debug)]
pub(crate) struct Alarm {
    alarms: Arc<Alarms>,
    id: Option<u64>,
}

impl Alarm {
    pub(crate) const fn of(alarms: Arc<Alarms>) -> Self {
        Self { alarms, id: None }
    }

    /// Wakes `waker` when `when` has come.
    pub(crate) fn set(&mut self, when: Instant, waker: &Waker) {
        let mut set = self.alarms.set.lock().unwrap_or_else(PoisonError::into_inner);
        let id = *self.id.get_or_insert_with(|| {
            set.next += 1;
            set.next
        });
        set.alarms.insert(id, (when, waker.clone()));
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let removed = self.alarms.set.lock().unwrap_or_else(PoisonError::into_inner).alarms.remove(&id);
            // Dropping a waker may be a stranger's code as well; the lock is free by now.
            drop(removed);
        }
    }
}

/// Ready when its time has come.
pub(crate) struct Pause {
    until: Instant,
    alarm: Alarm,
}

impl Pause {
    pub(crate) const fn until(until: Instant, alarms: Arc<Alarms>) -> Self {
        Self { until, alarm: Alarm::of(alarms) }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.until {
            return Poll::Ready(());
        }
        let until = self.until;
        self.alarm.set(until, context.waker());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::time::Duration;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_alarm_rings_once_when_its_time_has_come_and_not_when_it_is_dropped() {
        let (alarms, count) = (Arc::new(Alarms::default()), Arc::new(Count(AtomicUsize::new(0))));
        let (waker, now) = (Waker::from(Arc::clone(&count)), Instant::now());
        let rung = |at| {
            alarms.ring(at);
            count.0.load(Ordering::SeqCst)
        };
        let (mut first, mut second) = (Alarm::of(Arc::clone(&alarms)), Alarm::of(Arc::clone(&alarms)));
        first.set(now + Duration::from_secs(1), &waker);
        second.set(now + Duration::from_secs(2), &waker);
        assert_eq!(rung(now), 0);
        assert_eq!(rung(now + Duration::from_secs(1)), 1);
        assert_eq!(rung(now + Duration::from_secs(1)), 1);
        drop(second);
        assert_eq!(rung(now + Duration::from_secs(3)), 1);
        first.set(now, &waker);
        first.set(now, &waker);
        assert_eq!(rung(now), 2, "one alarm is set twice, and rings once");
    }
}
