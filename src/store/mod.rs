//! Where things are remembered. In memory, for one process.

mod memory_logout_index;
mod memory_replay;
mod memory_sessions;

pub use memory_logout_index::MemoryLogoutIndex;
pub use memory_replay::MemoryReplay;
pub use memory_sessions::MemorySessions;
