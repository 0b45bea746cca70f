//! What each target does with one input: [`crate`] says what is shared.

mod c14n;
mod dsig;
mod logout;
mod metadata;
mod parse;
mod redirect_decode;
mod relay_state;
mod validate;

pub use c14n::c14n;
pub use dsig::dsig;
pub use logout::logout;
pub use metadata::metadata;
pub use parse::parse;
pub use redirect_decode::redirect_decode;
pub use relay_state::relay_state;
pub use validate::validate;

/// The first byte chooses, the rest is the input.
fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}
