import NIOCore
import NIOWebSocket

/// Frames as a server sends them: unmasked, so that one serves any number of connections (RFC 6455, section 5.2).
enum WebSocketFrames {
    private static let finalBit: UInt8 = 0x80

    /// A whole message in one frame.
    static func frame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> ByteBuffer {
        var frame = ByteBufferAllocator().buffer(capacity: payload.count + 10)
        frame.writeInteger(finalBit | UInt8(webSocketOpcode: opcode))
        switch payload.count {
        case 0..<126: frame.writeInteger(UInt8(payload.count))
        case 126...0xffff:
            frame.writeInteger(UInt8(126))
            frame.writeInteger(UInt16(payload.count))
        default:
            frame.writeInteger(UInt8(127))
            frame.writeInteger(UInt64(payload.count))
        }
        frame.writeBytes(payload)
        return frame
    }

    /// A close frame. The reason is cut to what such a frame can hold.
    static func close(_ code: WebSocketCloseCode, _ reason: String) -> ByteBuffer {
        var payload = withUnsafeBytes(of: code.rawValue.bigEndian) { Array($0) }
        for character in reason where payload.count + character.utf8.count <= 125 { payload += Array(character.utf8) }
        return frame(.connectionClose, payload)
    }
}

/// Why a connection is closed (RFC 6455, section 7.4.1).
enum WebSocketCloseCode: UInt16, Sendable {
    case normal = 1000
    case goingAway = 1001
    case protocolError = 1002
    case policyViolation = 1008
    case messageTooBig = 1009
    case serverError = 1011
    /// Come back at once.
    case serviceRestart = 1012
    case tryAgainLater = 1013
}
