//! Requests to DynamoDB, signed with AWS Signature Version 4.

use std::env;
use std::fmt::Write;
use std::time::SystemTime;

use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256};

pub struct Signer {
    host: String,
    region: String,
    access_key: String,
    secret: String,
    token: String,
    /// The signing key, and the day for which it was derived.
    key: Option<(String, hmac::Key)>,
}

impl Signer {
    pub fn from_env(host: &str) -> Result<Self, env::VarError> {
        Ok(Self {
            host: host.to_owned(),
            region: env::var("AWS_REGION")?,
            access_key: env::var("AWS_ACCESS_KEY_ID")?,
            secret: env::var("AWS_SECRET_ACCESS_KEY")?,
            token: env::var("AWS_SESSION_TOKEN")?,
            key: None,
        })
    }

    /// Returns the complete HTTP request.
    pub fn request(&mut self, operation: &str, body: &str) -> Vec<u8> {
        const SIGNED: &str = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
        let time = timestamp();
        let day = &time[..8];
        let headers = format!(
            "content-type:application/x-amz-json-1.0\nhost:{}\nx-amz-date:{time}\nx-amz-security-token:{}\nx-amz-target:DynamoDB_20120810.{operation}\n",
            self.host, self.token
        );
        let canonical = format!("POST\n/\n\n{headers}\n{SIGNED}\n{}", sha256(body));
        let scope = format!("{day}/{}/dynamodb/aws4_request", self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(&canonical));
        let signature = hex(hmac::sign(self.key(day), to_sign.as_bytes()).as_ref());
        format!(
            "POST / HTTP/1.1\r\n{}authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={SIGNED}, Signature={signature}\r\ncontent-length: {}\r\n\r\n{body}",
            headers.replace('\n', "\r\n"),
            self.access_key,
            body.len()
        )
        .into_bytes()
    }

    fn key(&mut self, day: &str) -> &hmac::Key {
        let stale = self.key.as_ref().is_none_or(|(key_day, _)| key_day != day);
        if stale {
            let mut key = hmac::Key::new(HMAC_SHA256, format!("AWS4{}", self.secret).as_bytes());
            for part in [day, &self.region, "dynamodb", "aws4_request"] {
                key = hmac::Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
            }
            self.key = Some((day.to_owned(), key));
        }
        &self.key.as_ref().expect("just derived").1
    }
}

fn sha256(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Returns the current time as `20250414T221356Z`.
fn timestamp() -> String {
    let seconds = SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = String::with_capacity(16);
    write!(
        text,
        "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"
    )
    .expect("a string can be written to");
    text
}

/// Converts days since 1 January 1970 to a Gregorian date: year, month and day. Inside, a year begins in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates() {
        assert_eq!(super::date(0), (1970, 1, 1));
        assert_eq!(super::date(11_016), (2000, 2, 29));
        assert_eq!(super::date(20_192), (2025, 4, 14));
    }
}
