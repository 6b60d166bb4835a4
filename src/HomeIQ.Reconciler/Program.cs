Console.WriteLine("homeiq");
