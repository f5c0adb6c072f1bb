//! Candidates for values of every kind: lists without a part, and the preferred texts.

/// The preferred texts, the most preferred first.
pub(super) const PREFERRED_TEXTS: [&str; 2] = ["x", ""];

/// Returns the elements without one part: first without each half, then without each quarter, and so on, as long as
/// there are at most `MAX_PARTS` parts.
pub(super) fn shorter<T: Clone>(elements: &[T]) -> impl Iterator<Item = Vec<T>> {
    const MAX_PARTS: usize = 64;
    let length = elements.len();
    let widths = std::iter::successors(Some(length.div_ceil(2)), |width| {
        (*width > 1).then(|| width.div_ceil(2))
    });
    widths
        .filter(move |width| *width > 0 && length / width <= MAX_PARTS)
        .flat_map(move |width| {
            (0..length).step_by(width).map(move |start| {
                let end = (start + width).min(length);
                [&elements[..start], &elements[end..]].concat()
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_parts_are_removed_first() {
        let candidates: Vec<_> = shorter(&[1, 2, 3]).collect();
        assert_eq!(
            candidates,
            [vec![3], vec![1, 2], vec![2, 3], vec![1, 3], vec![1, 2]]
        );
        assert_eq!(shorter::<u8>(&[]).count(), 0);
        assert_eq!(shorter(&[1]).collect::<Vec<_>>(), [Vec::<i32>::new()]);
    }
}
