//! Where things are remembered: in memory for one process, or in Redis for several machines.

mod memory_logout_index;
mod memory_replay;
mod memory_sessions;
#[cfg(feature = "redis")]
mod redis;

pub use memory_logout_index::MemoryLogoutIndex;
pub use memory_replay::MemoryReplay;
pub use memory_sessions::MemorySessions;
#[cfg(feature = "redis")]
pub use redis::{RedisAddressError, RedisStore};
