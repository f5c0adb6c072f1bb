//! The conversion of DynamoDB's typed JSON to the response to Lambda, in one pass. Escaped text is not decoded, but
//! escaped once more.

use std::error::Error;

const HEAD: &str = r#"{"statusCode":200,"headers":{"content-type":"application/json"},"body":""#;
const END: &str = r#"","isBase64Encoded":false}"#;

pub fn text(prefix: &str, id: &str) -> Vec<u8> {
    let json = serde_json::to_string(&format!("{prefix}{id}")).expect("a string is JSON");
    let mut response = HEAD.as_bytes().to_vec();
    escape(json.as_bytes(), &mut response);
    response.extend_from_slice(END.as_bytes());
    response
}

pub fn item(body: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut input = Input(body);
    input.skip_past(br#""Item":"#)?;
    let mut response = HEAD.as_bytes().to_vec();
    response.extend_from_slice(br#"{\"Item\":"#);
    input.item(&mut response)?;
    response.extend_from_slice(b"}");
    response.extend_from_slice(END.as_bytes());
    Ok(response)
}

pub fn list(body: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut input = Input(body);
    input.skip_past(br#""Items":["#)?;
    let mut response = Vec::with_capacity(body.len() + body.len() / 8);
    response.extend_from_slice(HEAD.as_bytes());
    response.extend_from_slice(br#"{\"Items\":["#);
    let mut count = 0;
    while !input.take(b']') {
        if count > 0 {
            input.expect(b',')?;
            response.push(b',');
        }
        input.item(&mut response)?;
        count += 1;
    }
    let counts = format!(r#"],\"Count\":{count},\"ScannedCount\":{count}}}"#);
    response.extend_from_slice(counts.as_bytes());
    response.extend_from_slice(END.as_bytes());
    Ok(response)
}

/// The remaining part of a DynamoDB response, which has no white space.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn skip_past(&mut self, mark: &[u8]) -> Result<(), String> {
        let index = self.0.windows(mark.len()).position(|it| it == mark);
        let index = index.ok_or_else(|| format!("no {} in the response", mark.escape_ascii()))?;
        self.0 = &self.0[index + mark.len()..];
        Ok(())
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(format!("no {:?} where there must be one", char::from(byte)))
        }
    }

    /// Returns the text between two quotes, still escaped.
    fn string(&mut self) -> Result<&'a [u8], String> {
        self.expect(b'"')?;
        let mut end = 0;
        loop {
            match self.0.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => return Err("a string without an end".into()),
            }
        }
        let (text, remainder) = self.0.split_at(end);
        self.0 = &remainder[1..];
        Ok(text)
    }

    fn item(&mut self, response: &mut Vec<u8>) -> Result<(), String> {
        self.expect(b'{')?;
        response.push(b'{');
        let mut first = true;
        while !self.take(b'}') {
            if !first {
                self.expect(b',')?;
                response.push(b',');
            }
            first = false;
            quoted(self.string()?, response);
            response.push(b':');
            self.expect(b':')?;
            self.expect(b'{')?;
            let kind = self.string()?;
            self.expect(b':')?;
            let value = self.string()?;
            match kind {
                b"N" => response.extend_from_slice(value),
                _ => quoted(value, response),
            }
            self.expect(b'}')?;
        }
        response.push(b'}');
        Ok(())
    }
}

fn quoted(text: &[u8], response: &mut Vec<u8>) {
    response.extend_from_slice(br#"\""#);
    escape(text, response);
    response.extend_from_slice(br#"\""#);
}

fn escape(mut text: &[u8], response: &mut Vec<u8>) {
    let special = |&byte: &u8| byte == b'"' || byte == b'\\';
    while let Some(index) = text.iter().position(special) {
        response.extend_from_slice(&text[..index]);
        response.extend_from_slice(&[b'\\', text[index]]);
        text = &text[index + 1..];
    }
    response.extend_from_slice(text);
}
