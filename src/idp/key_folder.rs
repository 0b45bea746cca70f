//! Keys that outlive the process, so that a service provider need not be set up anew each time.
//!
//! A key's files never change. Which key is in use, which is announced and which is old stands in a
//! file of its own that is replaced as a whole: a process that ends in the middle leaves the old
//! order or the new one.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::keys::{KeyError, SigningKey, TestKeys, Validity};
use super::personality::Personality;

/// Lines of a word and the number of a key. Without it the first key is the one in use.
const ORDER: &str = "idp-signing-order.txt";
const NEW_ORDER: &str = "idp-signing-order.new";
const FIRST: u32 = 1;

/// The files of a key and its certificate.
#[derive(Clone, Copy)]
enum Pair {
    Signing(u32),
    Encryption,
}

impl Pair {
    fn names(self) -> [String; 2] {
        let stem = match self {
            Self::Signing(FIRST) => "idp-signing".to_owned(),
            Self::Signing(number) => format!("idp-signing-{number}"),
            Self::Encryption => "idp-encryption".to_owned(),
        };
        ["key", "cert"].map(|kind| format!("{stem}-{kind}.pem"))
    }
}

/// Which signing key is which, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    current: u32,
    announced: Option<u32>,
    old: Option<u32>,
}

impl TestKeys {
    /// Reads the keys in `folder`, or makes new ones there that are valid for three years from
    /// `now` and have the names that this personality gives them. Only the owner can read the files (where the system knows owners). Expired keys are
    /// read like others: trust does not depend on dates.
    ///
    /// # Errors
    /// [`KeyError::File`] when a file cannot be read or written, [`KeyError::Incomplete`] when some
    /// of the files are there and some are not, [`KeyError::Order`] when it cannot be told which
    /// key is which, and the errors of [`SigningKey::from_pem`].
    pub fn load_or_generate(
        folder: &Path,
        personality: Personality,
        host: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, KeyError> {
        let has_order = folder.join(ORDER).exists();
        let order = if has_order { Order::read(folder)? } else { Order::of_first() };
        let signing = order.numbers().map(Pair::Signing);
        let files: Vec<String> = signing.chain([Pair::Encryption]).flat_map(Pair::names).collect();
        let (there, missing): (Vec<String>, Vec<String>) =
            files.into_iter().partition(|name| folder.join(name).exists());
        match (there.as_slice(), missing.as_slice()) {
            (_, []) => {
                let signing = |number| load(folder, Pair::Signing(number));
                let keys = Self::new(signing(order.current)?, load(folder, Pair::Encryption)?);
                Ok(match (order.announced, order.old) {
                    (Some(announced), _) => keys.with_announced(signing(announced)?),
                    (None, Some(old)) => keys.with_old(signing(old)?),
                    (None, None) => keys,
                })
            }
            ([], _) if !has_order => {
                let keys = Self::generate_as(personality, host, Validity::three_years(now))?;
                create_folder(folder).map_err(|error| file_error(folder, error))?;
                save(folder, Pair::Signing(FIRST), keys.current())?;
                save(folder, Pair::Encryption, keys.encryption())?;
                Ok(keys)
            }
            (_, [missing, ..]) => {
                Err(KeyError::Incomplete { path: folder.join(missing).display().to_string() })
            }
        }
    }

    /// Writes the signing keys into `folder`, from which [`TestKeys::load_or_generate`] has read
    /// them, after one was announced, took over or left. Files of keys that have left are removed.
    ///
    /// # Errors
    /// [`KeyError::File`] when a file cannot be read or written, and the errors of
    /// [`SigningKey::from_pem`] for what is there.
    pub fn save(&self, folder: &Path) -> Result<(), KeyError> {
        let numbers = numbers_in(folder).map_err(|error| file_error(folder, error))?;
        let mut next = numbers.last().map_or(FIRST, |last| last.saturating_add(1));
        let mut number_of = |key: &SigningKey| -> Result<u32, KeyError> {
            for number in &numbers {
                // Half a pair is of a process that ended in the middle.
                let path = folder.join(&Pair::Signing(*number).names()[1]);
                if !path.exists() {
                    continue;
                }
                let known = load(folder, Pair::Signing(*number))?;
                if known.certificate().fingerprint() == key.certificate().fingerprint() {
                    return Ok(*number);
                }
            }
            let number = next;
            next = next.saturating_add(1);
            save(folder, Pair::Signing(number), key)?;
            Ok(number)
        };
        let order = Order {
            current: number_of(self.current())?,
            announced: self.announced().map(&mut number_of).transpose()?,
            old: self.old().map(&mut number_of).transpose()?,
        };
        order.write(folder)?;
        for number in numbers.into_iter().filter(|number| !order.numbers().any(|n| n == *number)) {
            for name in Pair::Signing(number).names() {
                let path = folder.join(name);
                if path.exists() {
                    fs::remove_file(&path).map_err(|error| file_error(&path, error))?;
                }
            }
        }
        Ok(())
    }
}

impl Order {
    fn of_first() -> Self {
        Self { current: FIRST, announced: None, old: None }
    }

    fn numbers(self) -> impl Iterator<Item = u32> {
        [Some(self.current), self.announced, self.old].into_iter().flatten()
    }

    fn read(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(ORDER);
        let text = fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        let strange = || KeyError::Order { path: path.display().to_string() };
        let (mut current, mut announced, mut old) = (None, None, None);
        for line in text.lines() {
            let (word, number) = line.split_once(' ').ok_or_else(strange)?;
            let place = match word {
                "current" => &mut current,
                "announced" => &mut announced,
                "old" => &mut old,
                _ => return Err(strange()),
            };
            if place.replace(number.parse::<u32>().map_err(|_| strange())?).is_some() {
                return Err(strange());
            }
        }
        Ok(Self { current: current.ok_or_else(strange)?, announced, old })
    }

    fn write(self, folder: &Path) -> Result<(), KeyError> {
        let mut text = format!("current {}\n", self.current);
        for (word, number) in [("announced", self.announced), ("old", self.old)] {
            if let Some(number) = number {
                text.push_str(&format!("{word} {number}\n"));
            }
        }
        let (new, path) = (folder.join(NEW_ORDER), folder.join(ORDER));
        // What a process that ended in the middle has left.
        let _ = fs::remove_file(&new);
        create_file(&new, text.as_bytes()).map_err(|error| file_error(&new, error))?;
        fs::rename(&new, &path).map_err(|error| file_error(&path, error))
    }
}

/// The numbers of the signing keys in `folder`, in order.
fn numbers_in(folder: &Path) -> std::io::Result<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| {
            let rest = name.strip_prefix("idp-signing-")?;
            let rest = rest.strip_suffix("key.pem").or_else(|| rest.strip_suffix("cert.pem"))?;
            match rest {
                "" => Some(FIRST),
                rest => rest.strip_suffix('-')?.parse().ok(),
            }
        });
        numbers.extend(number);
    }
    Ok(numbers)
}

fn load(folder: &Path, pair: Pair) -> Result<SigningKey, KeyError> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).map_err(|error| file_error(&path, error))
    };
    let [key, certificate] = pair.names();
    SigningKey::from_pem(&read(&key)?, &read(&certificate)?)
}

fn save(folder: &Path, pair: Pair, key: &SigningKey) -> Result<(), KeyError> {
    let texts = [key.private_key().to_pem()?, key.certificate().to_pem()?];
    for (name, text) in pair.names().into_iter().zip(texts) {
        let path = folder.join(name);
        create_file(&path, text.as_bytes()).map_err(|error| file_error(&path, error))?;
    }
    Ok(())
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Never overwrites, and never follows a link that somebody else has put there.
fn create_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

fn file_error(path: &Path, error: std::io::Error) -> KeyError {
    KeyError::File { path: path.display().to_string(), error }
}
