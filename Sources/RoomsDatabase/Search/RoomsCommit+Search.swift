import CanonicalJSON
import MatrixProtocol
import Store

/// The search index, kept as events come and are redacted.
extension RoomsCommit {
    /// Makes an event's words findable.
    func index(_ event: Event, at pduID: PDUID) {
        let (words, total) = SearchWords.counts(of: event.searchableText)
        for (word, count) in words {
            commit.put(
                RoomsMaps.searchWords, SearchKey(room: pduID.room, word: word, order: pduID.order),
                SearchWeight(count: count, textLength: total))
        }
    }

    /// Takes an event that is being redacted out of the index.
    func unindex(_ event: Event, at pduID: PDUID) {
        for word in SearchWords.counts(of: event.searchableText).words.keys {
            commit.delete(RoomsMaps.searchWords, SearchKey(room: pduID.room, word: word, order: pduID.order))
        }
    }
}

extension Event {
    /// What of the event can be searched ("Server-side search").
    fileprivate var searchableText: String {
        switch type {
        case EventType.roomMessage: contentMember("body")?.stringValue ?? ""
        case EventType.roomName where stateKey == "": contentMember("name")?.stringValue ?? ""
        case EventType.roomTopic where stateKey == "": topicText
        default: ""
        }
    }

    /// The topic, and its plain text in the newer form where that says something else.
    private var topicText: String {
        let topic = contentMember("topic")?.stringValue ?? ""
        let representations = contentMember("m.topic")?.objectValue?["m.text"]?.arrayValue?.compactMap(\.objectValue) ?? []
        let plain = representations.first { $0["mimetype"] == nil || $0["mimetype"] == "text/plain" }?["body"]?.stringValue
        guard let plain, plain != topic else { return topic }
        return "\(topic) \(plain)"
    }
}
