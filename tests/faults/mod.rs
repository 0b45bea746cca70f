//! A server on this machine that answers as it is told, mostly wrongly, and a proxy like it. They
//! are made of sockets and threads: nothing of what is tested takes part.

#![allow(dead_code, unused_imports, reason = "not every test binary needs all of it")]

mod answer;
mod proxy;
mod server;
mod tls;

pub use answer::Answer;
pub use proxy::{Proxy, Tunnel};
pub use server::{Request, Server};
pub use tls::Identity;
