//! How tests show a decision over all facts: as a tree.

/// Decisions over every combination of facts, as a tree: a fact that makes no difference, where it stands, is left out.
pub(super) fn tree<D: PartialEq + std::fmt::Debug>(
    lines: &mut Vec<String>,
    depth: usize,
    kinds: &[(&str, Vec<&str>)],
    all: &[D],
) {
    let Some(((name, values), rest)) = kinds.split_first() else { return };
    if all.iter().all(|decision| *decision == all[0]) {
        return;
    }
    let parts: Vec<&[D]> = all.chunks(all.len() / values.len()).collect();
    if parts.iter().all(|part| *part == parts[0]) {
        return tree(lines, depth, rest, parts[0]);
    }
    let parts: Vec<(&str, &[D])> = values.iter().copied().zip(parts).collect();
    for alike in parts.chunk_by(|(_, one), (_, other)| one == other) {
        let ((first, part), (last, _)) = (alike[0], alike[alike.len() - 1]);
        let value = if first == last { first.to_owned() } else { format!("{first}..{last}") };
        let is_decided = part.iter().all(|decision| *decision == part[0]);
        let decision = if is_decided { format!(": {:?}", part[0]) } else { String::new() };
        lines.push(format!("{}{name} {value}{decision}", "  ".repeat(depth)));
        tree(lines, depth + 1, rest, part);
    }
}
