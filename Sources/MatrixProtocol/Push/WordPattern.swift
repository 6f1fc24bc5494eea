/// Something that is looked for in a text between word boundaries, whether letters are small or capital (the condition `event_match` for
/// `content.body`).
///
/// A word boundary is the text's start or end, and either side of a character other than `A-Z`, `a-z`, `0-9` and `_`.
struct WordPattern: Sendable, Hashable {
    private enum Part: Sendable, Hashable {
        case anything
        case anyCharacter
        case character(Unicode.Scalar)
    }

    private let parts: [Part]

    /// A pattern in which `*` stands for any number of characters and `?` for one.
    init(glob: String) {
        parts = glob.lowercased().unicodeScalars.map { character in
            switch character {
            case "*": .anything
            case "?": .anyCharacter
            default: .character(character)
            }
        }
    }

    /// A text in which every character stands for itself.
    init(literal: String) {
        parts = literal.lowercased().unicodeScalars.map { .character($0) }
    }

    /// Whether a part of the text fits. Takes at most as many steps as the product of both lengths.
    func matches(in text: String) -> Bool {
        let text = Array(text.lowercased().unicodeScalars)
        // How far the matches are that have begun somewhere before: all at once, each place of the pattern at most once.
        var places = Places(count: parts.count + 1)
        for index in 0...text.count {
            if Self.isBoundary(index, in: text) {
                reach(0, &places)
                if places.contains(parts.count) { return true }
            }
            if index == text.count { break }
            let before = places.takeAll()
            for place in before where place < parts.count {
                switch parts[place] {
                case .anything: reach(place, &places)
                case .anyCharacter: reach(place + 1, &places)
                case .character(let character): if character == text[index] { reach(place + 1, &places) }
                }
            }
        }
        return false
    }

    /// Adds a place of the pattern, and those behind it that are reached without another character.
    private func reach(_ place: Int, _ places: inout Places) {
        var place = place
        while places.insert(place), place < parts.count, parts[place] == .anything { place += 1 }
    }

    private static func isBoundary(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
        index == 0 || index == text.count || !isWordCharacter(text[index - 1]) || !isWordCharacter(text[index])
    }

    private static func isWordCharacter(_ character: Unicode.Scalar) -> Bool {
        switch character {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    /// A set of places, which is emptied as quickly as it has few of them.
    private struct Places {
        private var list: [Int] = []
        private var isInside: [Bool]

        init(count: Int) { isInside = [Bool](repeating: false, count: count) }

        func contains(_ place: Int) -> Bool { isInside[place] }

        /// Whether it wasn't inside.
        mutating func insert(_ place: Int) -> Bool {
            if isInside[place] { return false }
            isInside[place] = true
            list.append(place)
            return true
        }

        mutating func takeAll() -> [Int] {
            let all = list
            for place in all { isInside[place] = false }
            list.removeAll(keepingCapacity: true)
            return all
        }
    }
}
