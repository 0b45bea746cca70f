//! Where things are remembered: in memory for one process, in a file for one machine, or in Redis for
//! several.

#[cfg(feature = "file-store")]
mod file;
mod memory_logout_index;
mod memory_replay;
mod memory_sessions;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "file-store")]
pub use file::{FileStore, OpenStoreError};
pub use memory_logout_index::MemoryLogoutIndex;
pub use memory_replay::MemoryReplay;
pub use memory_sessions::MemorySessions;
#[cfg(feature = "redis")]
pub use redis::{RedisAddressError, RedisStore};
