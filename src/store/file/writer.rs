//! Writes, one transaction after another, in a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redb::{Database, Durability, Error, WriteTransaction};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::sp::StoreError;

/// So many may wait. Whoever comes then is refused: a queue without end would serve nobody.
const QUEUE: usize = 1024;
/// So many share one transaction, and with it one wait for the disk.
const BATCH: usize = 256;

/// To be done within a transaction. What it returns is done once the transaction is on the disk.
type Work = Box<dyn FnOnce(&WriteTransaction) -> Result<Reply, Error> + Send>;
type Reply = Box<dyn FnOnce() + Send>;

struct Job {
    work: Work,
    /// Whether it must be on the disk before anybody is told.
    lasts: bool,
}

/// The thread. It ends with this, and what was waiting is written first.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    limit: Duration,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // Who opens the file next must find it free.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Writer {
    pub(super) fn start(database: Arc<Database>, limit: Duration) -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("saml-store".to_owned());
        let thread = thread.spawn(move || write_all(&database, &waiting))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), limit })
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let refused = |text: &str| Err(StoreError::Unavailable(text.to_owned()));
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => refused("too much is waiting to be written"),
            Some(Err(TrySendError::Disconnected(_))) | None => {
                refused("the thread that writes has ended")
            }
        }
    }

    /// Does `work` in a transaction, and returns what came of it when that cannot be lost any more.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(work, true).await
    }

    /// As [`Writer::write`], without waiting for the disk: a crash may undo it.
    pub(super) async fn write_lightly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(work, false).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Error> + Send + 'static,
        lasts: bool,
    ) -> Result<T, StoreError> {
        let (told, telling) = oneshot::channel();
        let work: Work = Box::new(move |transaction| {
            let outcome = work(transaction)?;
            Ok(Box::new(move || drop(told.send(outcome))))
        });
        self.send(Job { work, lasts })?;
        let unavailable = |text: String| StoreError::Unavailable(text);
        match timeout(self.limit, telling).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(_)) => Err(unavailable("the file could not be written".to_owned())),
            Err(_) => {
                let limit = self.limit.as_millis();
                Err(unavailable(format!("the file was not written within {limit} ms")))
            }
        }
    }
}

fn write_all(database: &Database, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let rest = waiting.try_iter().take(BATCH);
        let batch: Vec<Job> = std::iter::once(first).chain(rest).collect();
        // Whoever waits is told that it failed by being told nothing.
        if let Ok(replies) = write_batch(database, batch) {
            replies.into_iter().for_each(|reply| reply());
        }
    }
}

/// All of them or none: what one has done before it failed must not stay.
fn write_batch(database: &Database, batch: Vec<Job>) -> Result<Vec<Reply>, Error> {
    let mut transaction = database.begin_write()?;
    if batch.iter().all(|job| !job.lasts) {
        transaction.set_durability(Durability::None)?;
    }
    let mut replies = Vec::with_capacity(batch.len());
    for job in batch {
        replies.push((job.work)(&transaction)?);
    }
    transaction.commit()?;
    Ok(replies)
}
