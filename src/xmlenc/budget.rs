use std::cell::Cell;

/// How many private-key operations one message may still cost. One budget goes through every
/// decryption of a message, so that its sender cannot multiply the work by sending more encrypted
/// elements. It counts behind a shared reference: whoever looks into the message holds one.
#[derive(Debug, PartialEq, Eq)]
pub struct Budget {
    left: Cell<usize>,
}

impl Budget {
    /// A budget of this many operations.
    pub fn new(operations: usize) -> Self {
        Self { left: Cell::new(operations) }
    }

    /// How many operations are left.
    pub fn left(&self) -> usize {
        self.left.get()
    }

    /// Takes up to `wanted` operations out and says how many they were.
    pub(super) fn take(&self, wanted: usize) -> usize {
        let taken = wanted.min(self.left());
        self.left.set(self.left().saturating_sub(taken));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_gives_what_it_has() {
        let budget = Budget::new(3);
        assert_eq!((budget.take(2), budget.left()), (2, 1));
        assert_eq!((budget.take(2), budget.left()), (1, 0));
        assert_eq!((budget.take(2), budget.left()), (0, 0));
    }
}
