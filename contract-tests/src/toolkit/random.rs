//! Random values. The values of a case depend only on the seed and the case's number, so they can be drawn again.

use std::hash::{BuildHasher, Hasher, RandomState};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The number of random cases of each property unless `CONTRACT_CASES` is set.
pub const DEFAULT_CASES: u32 = 100;

/// The number of cases and the seed of a run.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// The number of random cases of each property.
    pub cases: u32,
    /// The seed from which the values of all cases follow.
    pub seed: u64,
}

impl Sampling {
    /// Returns the default number of cases with a new seed.
    #[must_use]
    pub fn with_fresh_seed() -> Self {
        Self {
            cases: DEFAULT_CASES,
            seed: fresh_seed(),
        }
    }

    /// Draws the value of a case, which does not depend on the cases before it.
    ///
    /// # Panics
    /// If the strategy rejects too many values, which no strategy of these tests does.
    pub fn draw<S: Strategy>(&self, strategy: &S, case: u32) -> S::Value {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..12].copy_from_slice(&case.to_le_bytes());
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let tree = strategy.new_tree(&mut TestRunner::new_with_rng(config, rng));
        tree.expect("a value can always be drawn").current()
    }
}

/// Returns a random seed that is short enough to type.
#[must_use]
pub fn fresh_seed() -> u64 {
    random() >> 32
}

/// Returns a random prefix of nine characters, which keeps the ids, tables, folders and labels of runs apart.
#[must_use]
pub fn unique_prefix() -> String {
    format!("{:08x}-", random() >> 32)
}

/// Returns a random number. The standard library seeds its hashers from the system's randomness.
#[must_use]
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
