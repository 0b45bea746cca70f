//! What the fuzz targets share: keys made of nothing but a word, messages to begin with, mutation
//! that knows elements, and judges that are written apart from the library.
//!
//! `README.md` says how to run the targets and what each of them proves.

pub mod federation;
pub mod judge;
pub mod keys;
pub mod logout;
pub mod message;
pub mod mutate;
pub mod re_sign;
pub mod seeds;
pub mod target;
