//! Shannon's entropy.

/// How many bits each character of the text tells on average, if it is drawn by how often it is there. Never below 0; an
/// empty text has 0.
pub(crate) fn bits(text: &str) -> f64 {
    // In order, so that the sum does not depend on the order of the text.
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    let total = characters.len() as f64;
    let information = |count: f64| count / total * (total / count).log2();
    characters.chunk_by(|a, b| a == b).map(|same| information(same.len() as f64)).sum::<f64>() + 0.0
}
