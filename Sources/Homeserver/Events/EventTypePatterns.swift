/// Event types as a filter lists them, where `*` stands for any characters ("Filtering"). Types are compared by their UTF-8 bytes.
struct EventTypePatterns: Sendable {
    private let exact: Set<[UInt8]>
    private let wildcards: [Wildcard]

    init(_ patterns: [String]) {
        let bytes = patterns.map { Array($0.utf8) }
        exact = Set(bytes.filter { !$0.contains(Self.asterisk) })
        wildcards = bytes.filter { $0.contains(Self.asterisk) }.map(Wildcard.init)
    }

    /// Whether there is no pattern, which fits no type.
    var isEmpty: Bool { exact.isEmpty && wildcards.isEmpty }

    /// Whether one of the patterns is the type's.
    func fit(_ type: String) -> Bool {
        if isEmpty { return false }
        let type = Array(type.utf8)
        return exact.contains(type) || wildcards.contains { $0.fits(type) }
    }

    private static let asterisk = UInt8(ascii: "*")

    /// A pattern with asterisks: what comes before the first one, between them, and after the last one.
    private struct Wildcard: Sendable {
        let first: [UInt8]
        let middle: [[UInt8]]
        let last: [UInt8]

        init(_ pattern: [UInt8]) {
            let pieces = pattern.split(separator: EventTypePatterns.asterisk, omittingEmptySubsequences: false).map(Array.init)
            first = pieces.first ?? []
            middle = pieces.dropFirst().dropLast().filter { !$0.isEmpty }
            last = pieces.count > 1 ? pieces.last ?? [] : []
        }

        func fits(_ type: [UInt8]) -> Bool {
            guard type.count >= first.count + last.count, type.starts(with: first), type.suffix(last.count) == last[...] else {
                return false
            }
            var rest = type[first.count..<type.count - last.count]
            for piece in middle {
                guard let end = Self.end(ofFirst: piece, in: rest) else { return false }
                rest = rest[end...]
            }
            return true
        }

        /// Where the first occurrence of the piece ends.
        private static func end(ofFirst piece: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
            guard piece.count <= bytes.count else { return nil }
            return (bytes.startIndex...bytes.endIndex - piece.count).first { bytes[$0...].starts(with: piece) }.map { $0 + piece.count }
        }
    }
}
