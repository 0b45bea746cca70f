//! Metadata that changes while the application runs: announced keys, switched keys, keys that go,
//! documents that must not be applied, and servers that do not answer.

mod concurrency;
mod degraded;
mod early;
mod faults;
mod names;
mod quarantine;
mod radar;
mod restart;
mod scene;
mod timeline;
mod trail;
mod wrong_for_a_while;
