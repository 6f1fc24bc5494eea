import CanonicalJSON

/// A JSON answer that may be large: it is made piece by piece, as fast as somebody takes it, so that it is never held whole.
///
/// Between two pieces nothing is held but the list of what is left, in particular no state of a database.
package struct AnswerInPieces: Sendable {
    /// Where the JSON stands.
    private var writer = JSONWriter()
    private let count: Int
    private let perPiece: Int
    private var position = 0
    private let write: @Sendable (Range<Int>, inout JSONWriter) throws -> Void
    private let end: @Sendable (inout JSONWriter) -> Void
    /// Whether there is nothing left.
    package private(set) var isFinished = false

    /// So many items make a piece where nothing else is said.
    package static let itemsPerPiece = 256

    /// An answer that consists of items.
    ///
    /// - Parameters:
    ///   - count: how many items there are.
    ///   - perPiece: so many of them make a piece.
    ///   - begin: writes what comes before the items.
    ///   - end: writes what comes after them.
    ///   - write: writes some of them. It is called on any thread, and may block on the disk.
    package init(
        of count: Int, perPiece: Int = itemsPerPiece, begin: (inout JSONWriter) -> Void,
        end: @escaping @Sendable (inout JSONWriter) -> Void,
        items write: @escaping @Sendable (Range<Int>, inout JSONWriter) throws -> Void
    ) {
        self.count = count
        self.perPiece = perPiece
        self.write = write
        self.end = end
        begin(&writer)
    }

    /// The next piece; nil after the last one.
    package mutating func next() throws -> [UInt8]? {
        if isFinished { return nil }
        let items = position..<min(position + perPiece, count)
        try write(items, &writer)
        position = items.upperBound
        if position == count {
            end(&writer)
            isFinished = true
        }
        defer { writer.bytes = [] }
        return writer.bytes
    }
}
