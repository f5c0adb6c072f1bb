//! The profile of an API under test: the facts about it that the checks of its responses need.

use crate::contract::leaks::PrivateNames;
use crate::request::url::GatewayProfile;

/// The profile of an API under test.
#[derive(Clone, Debug)]
pub struct ApiProfile {
    /// The behaviour of the gateway in front of the API.
    pub gateway: GatewayProfile,
    /// The names that no message may contain.
    pub private_names: PrivateNames,
}
