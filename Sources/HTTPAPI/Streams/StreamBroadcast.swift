import Homeserver
import NIOCore
import NIOWebSocket
import Store
import TransitoryDatabase

/// One of the news, and the frames that tell of it, made once for everybody.
struct StreamBroadcast: Sendable {
    let news: StreamNews
    private let json: ByteBuffer?
    private let cbor: ByteBuffer?

    /// - Parameter formats: how many connections read each format.
    init(_ news: StreamNews, for formats: [StreamFormat: Int]) {
        self.news = news
        json = formats[.json, default: 0] > 0 ? Self.frame(news, .json) : nil
        cbor = formats[.cbor, default: 0] > 0 ? Self.frame(news, .cbor) : nil
    }

    /// The frame in a format; nil if the news aren't a message.
    func frame(in format: StreamFormat) -> ByteBuffer? {
        // Somebody who has just come may read another format than all others.
        switch format {
        case .json: json ?? Self.frame(news, .json)
        case .cbor: cbor ?? Self.frame(news, .cbor)
        }
    }

    private static func frame(_ news: StreamNews, _ format: StreamFormat) -> ByteBuffer? {
        guard let message = news.message else { return nil }
        return (try? StreamReply.push(key: news.key, message).encoded(in: format)).map { WebSocketFrames.frame(format.opcode, $0) }
    }
}

extension StreamFormat {
    /// The frames that carry it.
    var opcode: WebSocketOpcode {
        switch self {
        case .json: .text
        case .cbor: .binary
        }
    }
}
