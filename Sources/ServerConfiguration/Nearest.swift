/// The candidate that takes the fewest changes to become `text` (a changed, added or missing character, or two that changed places);
/// the first of several. Nil without candidates.
func nearest(to text: String, among candidates: [String]) -> String? {
    candidates.min { editDistance($0.lowercased(), text.lowercased()) < editDistance($1.lowercased(), text.lowercased()) }
}

/// The optimal string alignment distance between two strings, by UTF-8 bytes.
func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for (row, leftByte) in left.enumerated() {
        var current = [row + 1]
        for (column, rightByte) in right.enumerated() {
            var distance = min(
                previous[column] + (leftByte == rightByte ? 0 : 1),
                previous[column + 1] + 1,
                current[column] + 1)
            if row > 0, column > 0, leftByte == right[column - 1], left[row - 1] == rightByte {
                distance = min(distance, beforePrevious[column - 1] + 1)
            }
            current.append(distance)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[right.count]
}
