/// Does work on many items in pieces, side by side.
///
/// - Parameter size: so many items are a piece.
/// - Returns: what the work has made of each piece, in the items' order.
func inPieces<Item: Sendable, Result: Sendable>(
    of size: Int, _ items: [Item], _ work: @escaping @Sendable (ArraySlice<Item>) throws -> Result
) async throws -> [Result] {
    guard items.count > size else { return [try work(items[...])] }
    return try await withThrowingTaskGroup(of: (start: Int, result: Result).self) { group in
        for start in stride(from: 0, to: items.count, by: size) {
            group.addTask { (start, try work(items[start..<min(start + size, items.count)])) }
        }
        var pieces: [(start: Int, result: Result)] = []
        for try await piece in group { pieces.append(piece) }
        return pieces.sorted { $0.start < $1.start }.map(\.result)
    }
}
