//! Unified diffs.

use std::fmt;

use similar::{ChangeTag, DiffOp, TextDiff};

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// A piece of a unified diff.
#[derive(Debug)]
pub struct Hunk<'t> {
    /// Its lines in the two texts: `@@ -1,2 +1,3 @@`.
    pub header: String,
    /// Its lines with their line breaks, and what becomes of each.
    pub lines: Vec<(ChangeTag, &'t str)>,
}

/// Returns what makes one text another. The first line of both has this number.
pub fn hunks<'t>(before: &'t str, after: &'t str, line: usize) -> Vec<Hunk<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let hunk = |ops: Vec<DiffOp>| {
        let (first, last) = (ops.first()?, ops.last()?);
        // A range without lines has the number of the line ahead of it.
        let range = |start: usize, end: usize| format!("{},{}", start + line - usize::from(start == end), end - start);
        let lines = |op: &DiffOp| {
            let of = |tag, lines: &[&'t str]| lines.iter().map(|line| (tag, *line)).collect::<Vec<_>>();
            let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
            match op {
                DiffOp::Equal { .. } => of(ChangeTag::Equal, old),
                _ => [of(ChangeTag::Delete, old), of(ChangeTag::Insert, new)].concat(),
            }
        };
        Some(Hunk {
            header: format!(
                "@@ -{} +{} @@",
                range(first.old_range().start, last.old_range().end),
                range(first.new_range().start, last.new_range().end)
            ),
            lines: ops.iter().flat_map(lines).collect(),
        })
    };
    TextDiff::from_slices(&old, &new).grouped_ops(CONTEXT).into_iter().filter_map(hunk).collect()
}

impl fmt::Display for Hunk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.header)?;
        for (tag, line) in &self.lines {
            let sign = match tag {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            write!(f, "{sign}{line}")?;
            if !line.ends_with('\n') {
                f.write_str("\n\\ No newline at end of file\n")?;
            }
        }
        Ok(())
    }
}

/// Returns a patch of a file that `git apply` and `patch -p1` take: hunks with the name of the file above them.
///
/// There is no line `diff --git`: with it, git would take the name from the root of the repository, and not from the folder
/// that it is called in.
pub fn patch(file: &str, hunks: &[Hunk]) -> String {
    let hunks: String = hunks.iter().map(ToString::to_string).collect();
    format!("--- {}\n+++ {}\n{hunks}", name("a", file), name("b", file))
}

/// The name of a file as git writes it.
fn name(side: &str, file: &str) -> String {
    let is_special = |c: char| c.is_control() || c == '"' || c == '\\';
    if file.contains(is_special) {
        let escape = |c: char| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => c.to_string().bytes().map(|byte| format!("\\{byte:03o}")).collect(),
            c => c.to_string(),
        };
        return format!("\"{side}/{}\"", file.chars().map(escape).collect::<String>());
    }
    // Behind a tab, there could be a time: a blank is then part of the name.
    format!("{side}/{file}{}", if file.contains(' ') { "\t" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, after: &str) -> String {
        hunks(before, after, 1).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn hunks_are_those_of_diff() {
        let lines = |from: usize| (from..20).map(|number| format!("line {number}\n")).collect::<String>();
        let before = lines(1);
        let after = before.replace("line 10\n", "line ten\nand more\n").replace("line 1\n", "");
        let expected = "@@ -1,4 +1,3 @@
-line 1
 line 2
 line 3
 line 4
@@ -7,7 +6,8 @@
 line 7
 line 8
 line 9
-line 10
+line ten
+and more
 line 11
 line 12
 line 13
";
        assert_eq!(diff(&before, &after), expected);
        assert_eq!(diff("", "a\n"), "@@ -0,0 +1,1 @@\n+a\n");
        assert_eq!(diff("a\n", "a\n"), "");
    }

    #[test]
    fn a_line_break_that_is_missing_is_said() {
        let missing = "\\ No newline at end of file";
        assert_eq!(diff("a\nb", "a\nb\n"), format!("@@ -1,2 +1,2 @@\n a\n-b\n{missing}\n+b\n"));
        assert_eq!(diff("a\r\nb", "c\r\nb"), format!("@@ -1,2 +1,2 @@\n-a\r\n+c\r\n b\n{missing}\n"));
    }

    #[test]
    fn names_are_written_as_git_writes_them() {
        assert_eq!(name("a", "x/ü.yaml"), "a/x/ü.yaml");
        assert_eq!(name("b", "x y.yaml"), "b/x y.yaml\t");
        assert_eq!(name("a", "x\"\\\n.yaml"), "\"a/x\\\"\\\\\\012.yaml\"");
    }
}
