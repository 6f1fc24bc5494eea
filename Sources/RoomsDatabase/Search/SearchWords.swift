/// The words of a text, as the search index knows them: in lower case, without punctuation, each ideograph or kana a word of its own,
/// since these scripts don't separate words.
package enum SearchWords {
    /// The longest word that is told from longer ones that begin like it, in bytes.
    private static let wordMaxBytes = 48

    /// All words in their order, as UTF-8.
    package static func words(of text: String) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        func finish() {
            if !word.isEmpty { words.append(Array(word.prefix(wordMaxBytes))) }
            word.removeAll(keepingCapacity: true)
        }
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                switch UInt8(ascii: scalar) {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): word.append(UInt8(ascii: scalar))
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): word.append(UInt8(ascii: scalar) | 0x20)
                default: finish()
                }
            } else if standsAlone(scalar) {
                finish()
                word.append(contentsOf: String(scalar).utf8)
                finish()
            } else if belongsToWord(scalar.properties) {
                word.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            } else {
                finish()
            }
        }
        finish()
        return words
    }

    /// The most different words of one text that are found.
    static let indexedMax = 512

    /// How often each of the words is there that are found, the first ones of the text, and how many words there are in all.
    static func counts(of text: String) -> (words: [[UInt8]: Int], total: Int) {
        let words = words(of: text)
        var counts: [[UInt8]: Int] = [:]
        for word in words {
            if let count = counts[word] { counts[word] = count + 1 } else if counts.count < indexedMax { counts[word] = 1 }
        }
        return (counts, words.count)
    }

    private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
        // Hiragana and katakana.
        scalar.properties.isIdeographic || (0x3041...0x30FF).contains(scalar.value)
    }

    private static func belongsToWord(_ properties: Unicode.Scalar.Properties) -> Bool {
        if properties.isAlphabetic { return true }
        return switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark: true
        default: false
        }
    }
}
