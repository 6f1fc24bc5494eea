import Store

/// Finding events by their words.
extension RoomsView {
    /// An event that has all the words.
    package struct SearchMatch: Sendable {
        package let pduID: PDUID
        /// How much of its text the words are: 0 to 1.
        package let rank: Double
    }

    /// The newest events of the rooms that have all of the words, the newest first.
    ///
    /// - Parameters:
    ///   - newest: the order above which nothing is wanted.
    ///   - limit: the most events that are found.
    package func search(_ words: Set<[UInt8]>, in rooms: [ShortRoomID], upTo newest: Int64, limit: Int) throws -> [SearchMatch] {
        // The longest word is likely to be the rarest.
        let words = words.sorted { $0.count > $1.count }
        guard let first = words.first else { return [] }
        // Sorted so that the walk which stands at the newest event is the last one.
        var walks: [(head: SearchMatch, walk: WordWalk)] = []
        for room in rooms {
            let walk = try WordWalk(of: first, and: Array(words.dropFirst()), in: room, upTo: newest, self)
            if let head = try walk.next() { walks.append((head, walk)) }
        }
        walks.sort { $0.head.pduID.order < $1.head.pduID.order }
        var matches: [SearchMatch] = []
        while matches.count < limit, let (match, walk) = walks.popLast() {
            matches.append(match)
            guard let head = try walk.next() else { continue }
            let place = walks.lastIndex { $0.head.pduID.order < head.pduID.order }.map { $0 + 1 } ?? 0
            walks.insert((head, walk), at: place)
        }
        return matches
    }

    /// A walk through the events of one room that have all of some words.
    private final class WordWalk {
        private let view: RoomsView
        private let room: ShortRoomID
        private let otherWords: [[UInt8]]
        private let cursor: any RawCursor
        private var ready: ArraySlice<SearchMatch> = []
        private var scanned = 0

        /// How many places of the first word are compared with the others at a time.
        private static let batchSize = 64
        /// The most places of the first word that are looked at: words that are common and never together would take for ever.
        private static let scannedMax = 50_000

        init(of word: [UInt8], and otherWords: [[UInt8]], in room: ShortRoomID, upTo newest: Int64, _ view: RoomsView) throws {
            self.view = view
            self.room = room
            self.otherWords = otherWords
            cursor = try view.reader.cursor(
                through: SearchKey.range(of: word, in: room, upTo: newest), of: RoomsMaps.searchWords.map, .backward)
        }

        /// The next event, or nil when there is none.
        func next() throws -> SearchMatch? {
            while ready.isEmpty {
                guard scanned < Self.scannedMax, try readBatch() else { return nil }
            }
            return ready.removeFirst()
        }

        private func readBatch() throws -> Bool {
            var places: [(order: Int64, share: Double)] = []
            while places.count < Self.batchSize, let (key, value) = try cursor.next() {
                places.append((try SearchKey(encoded: key).order, try SearchWeight(encoded: value).share))
            }
            scanned += places.count
            let isDone = places.isEmpty
            for word in otherWords where !places.isEmpty {
                let keys = places.map { SearchKey(room: room, word: word, order: $0.order) }
                places = zip(places, try view.reader.get(RoomsMaps.searchWords, all: keys)).compactMap { place, weight in
                    weight.map { (place.order, place.share + $0.share) }
                }
            }
            ready = places.map { SearchMatch(pduID: PDUID(room: room, order: $0.order), rank: $0.share) }[...]
            return !isDone
        }
    }
}
