import MatrixProtocol
import Testing

@testable import HTTPAPI

@Suite struct QueryTests {
    private enum Direction: String { case forwards = "f", backwards = "b" }

    @Test func findsAndDecodes() throws {
        let query = Query("since=s1%2B2&name=a+b&empty=&bare&user%5Fid=%40a%3Ab")
        #expect(try query.string("since") == "s1+2")
        #expect(try query.string("name") == "a b")
        #expect(try query.string("empty") == "")
        #expect(try query.string("bare") == "")
        #expect(try query.string("user_id") == "@a:b")
        #expect(try query.string("missing") == nil)
        #expect(try query.required("name") == "a b")
    }

    @Test func givesAllValuesOfARepeatedParameter() throws {
        let query = Query("server_name=a&x=1&server_name=b%20c&server_name=")
        #expect(try query.strings("server_name") == ["a", "b c", ""])
        #expect(try query.string("server_name") == "a")
        #expect(try Query("").strings("server_name") == [])
    }

    @Test func readsTypes() throws {
        let query = Query("limit=10&negative=-3&full_state=true&off=false&dir=b&user=@a:b.org")
        #expect(try query.integer("limit", in: 1...10) == 10)
        #expect(try query.integer("negative") == -3)
        #expect(try query.integer("missing") == nil)
        #expect(try query.bool("full_state") == true)
        #expect(try query.bool("off") == false)
        #expect(try query.choice("dir", of: Direction.self) == .backwards)
        #expect(try query.identifier("user", as: UserID.self)?.localpart == "a")
    }

    @Test func refusesWrongTypes() throws {
        let query = Query("limit=ten&big=11&huge=99999999999999999999&flag=yes&dir=x&user=a&bad=%FF&broken=%2")
        for read: () throws -> Void in [
            { _ = try query.integer("limit") }, { _ = try query.integer("big", in: 1...10) }, { _ = try query.integer("huge") },
            { _ = try query.bool("flag") }, { _ = try query.choice("dir", of: Direction.self) },
            { _ = try query.identifier("user", as: UserID.self) }, { _ = try query.string("bad") }, { _ = try query.string("broken") },
        ] {
            let error = #expect(throws: MatrixError.self) { try read() }
            #expect(error?.code == .invalidParameter)
        }
        let error = #expect(throws: MatrixError.self) { try query.required("missing") }
        #expect(error?.code == .missingParameter)
    }
}
