//! Long waits, which a person is told of.

use std::time::Duration;

use tokio::time::timeout;

/// The longest wait that is not announced.
pub const LONG_WAIT: Duration = Duration::from_secs(3);

/// Waits for a result. Announces on standard error what is waited for, once the wait is long.
pub async fn announced<T>(what: &str, result: impl Future<Output = T>) -> T {
    let mut result = std::pin::pin!(result);
    if let Ok(result) = timeout(LONG_WAIT, &mut result).await {
        return result;
    }
    eprintln!("waiting: {what}");
    result.await
}
