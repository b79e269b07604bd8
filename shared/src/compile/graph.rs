//! References among members: which run in circles, and in which order the rest can be resolved.

/// What a graph of references looks like.
pub(super) struct Order {
    /// Nodes outside circles, each after everything it refers to.
    pub(super) resolved: Vec<usize>,
    /// Nodes on circles, or on a way from one circle to another.
    pub(super) circular: Vec<usize>,
}

/// Orders nodes by their references; references to nodes that do not exist are ignored.
pub(super) fn order(references: &[Vec<usize>]) -> Order {
    let n = references.len();
    let mut reversed = vec![Vec::new(); n];
    for (from, targets) in references.iter().enumerate() {
        for to in targets {
            if let Some(list) = reversed.get_mut(*to) {
                list.push(from);
            }
        }
    }
    // Nodes that lead nowhere circular are peeled from one side, nodes that nothing circular
    // leads to from the other; what remains is between circles.
    let resolved = peel(references, &reversed);
    let headed = peel(&reversed, references);
    let mut free = vec![false; n];
    let mut ordered = Vec::with_capacity(n);
    for node in resolved.into_iter().chain(headed.into_iter().rev()) {
        if let Some(flag) = free.get_mut(node)
            && !*flag
        {
            *flag = true;
            ordered.push(node);
        }
    }
    let circular = free
        .iter()
        .enumerate()
        .filter(|(_, free)| !**free)
        .map(|(node, _)| node)
        .collect();
    Order {
        resolved: ordered,
        circular,
    }
}

/// Nodes in an order in which each comes after all its `outgoing`; circles are left out.
fn peel(outgoing: &[Vec<usize>], incoming: &[Vec<usize>]) -> Vec<usize> {
    let exists = |node: &&usize| **node < outgoing.len();
    let mut open: Vec<usize> = outgoing
        .iter()
        .map(|targets| targets.iter().filter(exists).count())
        .collect();
    let mut ready: Vec<usize> = open
        .iter()
        .enumerate()
        .filter(|(_, count)| **count == 0)
        .map(|(node, _)| node)
        .collect();
    let mut done = Vec::with_capacity(outgoing.len());
    while let Some(node) = ready.pop() {
        done.push(node);
        for from in incoming.get(node).into_iter().flatten() {
            if let Some(count) = open.get_mut(*from) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*from);
                }
            }
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(references: &[&[usize]], circular: &[usize]) {
        let references: Vec<Vec<usize>> = references.iter().map(|list| list.to_vec()).collect();
        let order = order(&references);
        assert_eq!(order.circular, circular);
        let position = |node: usize| order.resolved.iter().position(|other| *other == node);
        for (from, targets) in references.iter().enumerate() {
            for to in targets {
                if let (Some(from), Some(to)) = (position(from), position(*to)) {
                    assert!(to < from, "{to} must come before {from}");
                }
            }
        }
        assert_eq!(order.resolved.len() + circular.len(), references.len());
    }

    #[test]
    fn circles_are_found_and_nothing_else() {
        check(&[], &[]);
        check(&[&[1], &[2], &[]], &[]);
        check(&[&[0]], &[0]);
        check(&[&[1], &[0], &[0], &[]], &[0, 1]);
        check(&[&[1], &[2], &[1], &[1, 1]], &[1, 2]);
        check(&[&[1, 2], &[3], &[3], &[]], &[]);
        check(&[&[7], &[0]], &[]);
    }
}
