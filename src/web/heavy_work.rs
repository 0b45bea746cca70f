//! Work that would hold up other requests, done on threads of its own and so much at a time.

use std::num::NonZeroUsize;
use std::sync::Arc;

use actix_web::error::BlockingError;
use actix_web::web;
use thiserror::Error;
use tokio::sync::Semaphore;

/// A decryption takes some ten times as long as everything else about a response, and anybody can
/// ask for one. A worker of actix that decrypts answers nobody else meanwhile; so it is done on
/// another thread, on as many at a time as there are cores, while a few others wait their turn. Who
/// comes when all places are taken is told to come again: a queue without end would serve nobody.
///
/// Cheap to clone; the clones share their places.
#[derive(Clone, Debug)]
pub struct HeavyWork {
    running: Arc<Semaphore>,
    /// Those that run and those that wait.
    present: Arc<Semaphore>,
}

/// Why heavy work was not done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HeavyWorkError {
    /// All places are taken, those to wait at included.
    #[error("too many messages at once need to be decrypted")]
    Busy,
    /// The work panicked, or the process is about to end.
    #[error(transparent)]
    Stopped(#[from] BlockingError),
}

impl Default for HeavyWork {
    /// As many at a time as there are cores, and sixteen that wait for each. With one key a wait is
    /// then some ten milliseconds at most, and what waits is at most sixteen megabytes a core.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::new(cores, cores.get().saturating_mul(16))
    }
}

impl HeavyWork {
    /// So many at a time, while so many others may wait.
    pub fn new(simultaneous: NonZeroUsize, waiting: usize) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let simultaneous = simultaneous.get();
        Self {
            running: places(simultaneous),
            present: places(simultaneous.saturating_add(waiting)),
        }
    }

    /// Does `work` on a thread where it holds up nobody, when it is its turn. It is done to its end,
    /// and keeps its place until then, even when nobody waits for the outcome any more.
    ///
    /// # Errors
    /// [`HeavyWorkError::Busy`] at once when there is no place, [`HeavyWorkError::Stopped`].
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HeavyWorkError> {
        let place = Arc::clone(&self.present);
        let place = place.try_acquire_owned().map_err(|_| HeavyWorkError::Busy)?;
        let turn = Arc::clone(&self.running);
        let turn = turn.acquire_owned().await.map_err(|_| HeavyWorkError::Busy)?;
        let outcome = web::block(move || {
            let outcome = work();
            drop((turn, place));
            outcome
        });
        Ok(outcome.await?)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn work(simultaneous: usize, waiting: usize) -> HeavyWork {
        HeavyWork::new(NonZeroUsize::new(simultaneous).unwrap(), waiting)
    }

    type Job = Pin<Box<dyn Future<Output = Result<usize, HeavyWorkError>>>>;

    /// A job that says when it has begun, and ends when it is told to.
    fn job(heavy: &HeavyWork, begun: &Sender<usize>, number: usize) -> (Job, Sender<()>) {
        let (end, told): (_, Receiver<()>) = channel();
        let (heavy, begun) = (heavy.clone(), begun.clone());
        let job = async move {
            heavy
                .run(move || {
                    begun.send(number).unwrap();
                    told.recv().unwrap();
                    number
                })
                .await
        };
        (Box::pin(job), end)
    }

    fn poll(job: &mut Job) -> Poll<Result<usize, HeavyWorkError>> {
        job.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[actix_web::test]
    async fn so_many_run_so_many_wait_and_the_next_is_sent_away() {
        let heavy = work(2, 1);
        let (begun, begins) = channel();
        let (mut a, end_a) = job(&heavy, &begun, 1);
        let (mut b, end_b) = job(&heavy, &begun, 2);
        let (mut c, end_c) = job(&heavy, &begun, 3);
        assert!(poll(&mut a).is_pending() && poll(&mut b).is_pending());
        let mut running = [begins.recv().unwrap(), begins.recv().unwrap()];
        running.sort_unstable();
        assert_eq!(running, [1, 2]);
        assert!(poll(&mut c).is_pending());
        // The third waits, the fourth has no place, and it is told so at once.
        for _ in 0..3 {
            let (mut d, _end) = job(&heavy, &begun, 4);
            assert!(matches!(poll(&mut d), Poll::Ready(Err(HeavyWorkError::Busy))));
        }
        assert!(begins.try_recv().is_err());
        end_a.send(()).unwrap();
        assert_eq!(a.await.unwrap(), 1);
        end_c.send(()).unwrap();
        assert_eq!(c.await.unwrap(), 3);
        assert_eq!(begins.recv().unwrap(), 3);
        end_b.send(()).unwrap();
        assert_eq!(b.await.unwrap(), 2);
        // All places are free again.
        let (d, end_d) = job(&heavy, &begun, 4);
        end_d.send(()).unwrap();
        assert_eq!(d.await.unwrap(), 4);
    }

    #[actix_web::test]
    async fn whoever_goes_away_leaves_no_place_while_the_work_lasts() {
        let heavy = work(1, 0);
        let (begun, begins) = channel();
        let (mut a, end_a) = job(&heavy, &begun, 1);
        assert!(poll(&mut a).is_pending());
        begins.recv().unwrap();
        drop(a);
        let (mut b, _end) = job(&heavy, &begun, 2);
        assert!(matches!(poll(&mut b), Poll::Ready(Err(HeavyWorkError::Busy))));
        end_a.send(()).unwrap();
        // Both places come back when it is done.
        let _present = heavy.present.acquire().await.unwrap();
        let _running = heavy.running.acquire().await.unwrap();
    }

    #[actix_web::test]
    async fn whoever_goes_away_while_waiting_leaves_the_place() {
        let heavy = work(1, 1);
        let (begun, begins) = channel();
        let (mut a, end_a) = job(&heavy, &begun, 1);
        assert!(poll(&mut a).is_pending());
        begins.recv().unwrap();
        let (mut b, _end_b) = job(&heavy, &begun, 2);
        assert!(poll(&mut b).is_pending());
        drop(b);
        let (mut c, end_c) = job(&heavy, &begun, 3);
        assert!(poll(&mut c).is_pending());
        end_a.send(()).unwrap();
        end_c.send(()).unwrap();
        assert_eq!((a.await.unwrap(), c.await.unwrap()), (1, 3));
        assert_eq!(begins.recv().unwrap(), 3);
    }

    #[actix_web::test]
    async fn what_panics_gives_its_place_back() {
        let heavy = work(1, 0);
        let outcome = heavy.run(|| panic!("on purpose")).await;
        assert!(matches!(outcome, Err(HeavyWorkError::Stopped(_))));
        assert_eq!(heavy.run(|| 7).await.unwrap(), 7);
    }

    #[test]
    fn there_is_always_a_place() {
        let heavy = HeavyWork::default();
        let running = heavy.running.available_permits();
        assert!(running >= 1);
        assert_eq!(heavy.present.available_permits(), running * 17);
        let most = HeavyWork::new(NonZeroUsize::MAX, usize::MAX);
        assert_eq!(most.present.available_permits(), Semaphore::MAX_PERMITS);
    }
}
