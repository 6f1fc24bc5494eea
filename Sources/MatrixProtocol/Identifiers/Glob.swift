/// A pattern in which `*` stands for any number of characters and `?` for one (appendices, "Glob-style matching"). Whether letters are
/// small or capital makes no difference.
package struct Glob: Sendable {
    private let pattern: [Unicode.Scalar]

    /// The pattern that is written so.
    package init(_ pattern: String) {
        self.pattern = Array(pattern.lowercased().unicodeScalars)
    }

    /// Whether the whole text fits. Takes at most as many steps as the product of both lengths.
    package func matches(_ text: String) -> Bool {
        let text = Array(text.lowercased().unicodeScalars)
        var (place, textPlace) = (0, 0)
        // The last asterisk, and the text that it doesn't stand for yet: where to go on when what follows doesn't fit.
        var retry: (place: Int, textPlace: Int)?
        while textPlace < text.count {
            if place < pattern.count, pattern[place] == "*" {
                retry = (place, textPlace)
                place += 1
            } else if place < pattern.count, pattern[place] == "?" || pattern[place] == text[textPlace] {
                place += 1
                textPlace += 1
            } else if let last = retry {
                retry = (last.place, last.textPlace + 1)
                place = last.place + 1
                textPlace = last.textPlace + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
